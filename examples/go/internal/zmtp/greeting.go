package zmtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The greeting of ZMTP 3.0: signature, version, mechanism, as-server, filler.
const (
	greetingBytes  = 64
	signatureEnd   = 9
	versionAt      = 10
	mechanismAt    = 12
	mechanismBytes = 20
)

// greet exchanges greetings and the READY commands of the mechanism NULL.
func (c *Conn) greet() error {
	var greeting [greetingBytes]byte
	greeting[0], greeting[signatureEnd] = 0xff, 0x7f
	greeting[versionAt] = 3
	copy(greeting[mechanismAt:], "NULL")
	if _, err := c.stream.Write(append(greeting[:], ready()...)); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.reader, greeting[:]); err != nil {
		return err
	}
	mechanism := string(greeting[mechanismAt : mechanismAt+mechanismBytes])
	switch {
	case greeting[0] != 0xff || greeting[signatureEnd]&1 != 1:
		return errors.New("the peer is no ZeroMQ")
	case greeting[versionAt] < 3:
		return fmt.Errorf("the peer speaks ZMTP %d", greeting[versionAt])
	case strings.TrimRight(mechanism, "\x00") != "NULL":
		return fmt.Errorf("the peer wants the mechanism %q", mechanism)
	}
	flags, body, err := c.frame()
	if err != nil {
		return err
	}
	if flags&flagCommand == 0 {
		return errors.New("the peer has not said what it is")
	}
	return checkReady(body)
}

func ready() []byte {
	body := property([]byte("\x05READY"), "Socket-Type", "PAIR")
	return append([]byte{flagCommand, byte(len(body))}, body...)
}

func property(body []byte, name, value string) []byte {
	body = append(body, byte(len(name)))
	body = append(body, name...)
	body = binary.BigEndian.AppendUint32(body, uint32(len(value)))
	return append(body, value...)
}

func checkReady(body []byte) error {
	rest, ok := strings.CutPrefix(string(body), "\x05READY")
	if !ok {
		return fmt.Errorf("the peer answers %.100q", body)
	}
	for rest != "" {
		name, value, behind, ok := cutProperty(rest)
		if !ok {
			break
		}
		if strings.EqualFold(name, "Socket-Type") {
			if value != "PAIR" {
				return fmt.Errorf("the peer is a socket of the type %.20q", value)
			}
			return nil
		}
		rest = behind
	}
	return errors.New("the peer does not tell its type of socket")
}

func cutProperty(text string) (name, value, rest string, ok bool) {
	size := int(text[0])
	if len(text) < 1+size+4 {
		return "", "", "", false
	}
	name, text = text[1:1+size], text[1+size:]
	length := uint64(binary.BigEndian.Uint32([]byte(text[:4])))
	if uint64(len(text)-4) < length {
		return "", "", "", false
	}
	return name, text[4 : 4+length], text[4+length:], true
}
