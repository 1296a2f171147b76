package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// subject is a plugin that was started, as its host sees it.
type subject struct {
	client     *plugin.Client
	connection *grpc.ClientConn
	pid        int
}

// start returns once the plugin has answered a first call.
func start() (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugin.PluginSet{pluginName: &storePlugin{}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Managed:          true,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(
				grpc.MaxCallRecvMsgSize(mostMessageBytes), grpc.MaxCallSendMsgSize(mostMessageBytes),
			),
			grpc.WithInitialWindowSize(windowBytes),
			grpc.WithInitialConnWindowSize(windowBytes),
			grpc.WithReadBufferSize(bufferBytes),
			grpc.WithWriteBufferSize(bufferBytes),
		},
	})
	started := &subject{client: client}
	if err := started.connect(); err != nil {
		client.Kill()
		return nil, err
	}
	started.pid = command.Process.Pid
	return started, nil
}

func (s *subject) connect() error {
	protocol, err := s.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(pluginName)
	if err != nil {
		return err
	}
	s.connection = dispensed.(*grpc.ClientConn)
	return s.stat("/")
}

func (s *subject) stop() { s.client.Kill() }

func (s *subject) stat(key string) error {
	_, err := s.call("Size", []byte(key))
	return err
}

func (s *subject) get(key string) ([]byte, error) { return s.call("Get", []byte(key)) }

func (s *subject) put(key string, content []byte) error {
	_, err := s.call("Put", withKey(key, content))
	return err
}

func (s *subject) call(method string, request []byte) ([]byte, error) {
	var response message
	err := s.connection.Invoke(
		context.Background(), "/"+serviceName+"/"+method, &message{request}, &response,
	)
	return response.bytes, err
}

// readStream looks at the first and the last byte of each piece; it returns how many bytes came.
func (s *subject) readStream(key string) (int64, error) {
	stream, err := s.open(&service.Streams[0])
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(&message{[]byte(key)}); err != nil {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	size := int64(0)
	for {
		var piece message
		err := stream.RecvMsg(&piece)
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		looked += int(piece.bytes[0]) + int(piece.bytes[len(piece.bytes)-1])
		size += int64(len(piece.bytes))
	}
}

// looked keeps the compiler from leaving the look out.
var looked int

// writeStream sends so many bytes out of `source`, again and again; it returns how many arrived.
func (s *subject) writeStream(key string, source []byte, size int64) (int64, error) {
	stream, err := s.open(&service.Streams[1])
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(&message{[]byte(key)}); err != nil {
		return 0, err
	}
	for position := int64(0); position < size; position += pieceBytes {
		begin := position % int64(len(source))
		end := begin + min(pieceBytes, size-position, int64(len(source))-begin)
		if err := stream.SendMsg(&message{source[begin:end]}); err != nil {
			return 0, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	var response message
	if err := stream.RecvMsg(&response); err != nil {
		return 0, err
	}
	if len(response.bytes) != 8 {
		return 0, fmt.Errorf("a size has 8 bytes, not %d", len(response.bytes))
	}
	return int64(binary.BigEndian.Uint64(response.bytes)), nil
}

func (s *subject) open(description *grpc.StreamDesc) (grpc.ClientStream, error) {
	method := "/" + serviceName + "/" + description.StreamName
	return s.connection.NewStream(context.Background(), description, method)
}
