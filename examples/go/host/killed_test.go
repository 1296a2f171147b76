package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"storagedriver.example/go/internal/wire"
)

// beHost is another host, to be killed: it starts a driver, tells of it, and reads without end.
func beHost() {
	options := Options{}
	if folder := os.Args[2]; folder != "" {
		options.DriversDirectory = folder
	}
	d, err := Start(context.Background(), os.Args[1], nil, options)
	if err == nil {
		err = d.PutContent(context.Background(), "/a", make([]byte, 16<<20))
	}
	if err == nil {
		_, err = d.ReadStream(context.Background(), "/a", 0)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(d.PID(), d.directory)
	select {}
}

func TestTheDriverOfAHostThatIsKilledEnds(t *testing.T) {
	for _, name := range []string{"go-inmemory", "inmemory"} {
		t.Run(name, func(t *testing.T) {
			options := optionsFor(t, name, Options{})
			command := exec.Command(filepath.Join(programs, wire.ProgramPrefix+"host"), name, options.DriversDirectory)
			output, err := command.StdoutPipe()
			must(t, err)
			must(t, command.Start())
			line, err := bufio.NewReader(output).ReadString('\n')
			must(t, err)
			var pid int
			var directory string
			if _, err := fmt.Sscan(strings.TrimSpace(line), &pid, &directory); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			must(t, command.Process.Kill())
			_ = command.Wait()
			eventually(t, "the driver has ended", func() bool { return hasEnded(pid) })
			if _, err := os.Stat(directory); !os.IsNotExist(err) {
				t.Errorf("sockets are left in %s", directory)
			}
		})
	}
}

// hasEnded tells whether there is no such process, or only what is left of it until its parent looks.
func hasEnded(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(status), ") Z ")
}
