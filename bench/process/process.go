package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// LogTailBytes is how much of a child's last output an error shows.
const LogTailBytes = 4 << 10

// StopWait is how long Stop waits for a child to end by itself.
const StopWait = 30 * time.Second

// Process is a child process that runs or has ended.
type Process struct {
	cmd  *exec.Cmd
	name string
	out  *tail
	read chan struct{} // closed when the output has ended
	done chan struct{} // closed when the child has ended
	err  error         // how it ended; read after done
}

// Command says how to run a child. Its last output is kept for messages.
type Command struct {
	Name   string
	Args   []string
	Dir    string       // "": the benchmark's own
	Env    []string     // added to the benchmark's own
	Line   func(string) // gets each line of standard output, on one goroutine; nil: nobody
	Stderr io.Writer    // gets standard error; nil: nobody
	// Namespace is the file of the network namespace to run in; "": the benchmark's own.
	Namespace string
}

// Start runs a child.
func Start(c Command) (*Process, error) {
	name := c.Name
	cmd := exec.Command(name, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{
		cmd: cmd, name: name, out: &tail{},
		read: make(chan struct{}), done: make(chan struct{}),
	}
	cmd.Stderr = p.out
	if c.Stderr != nil {
		cmd.Stderr = io.MultiWriter(p.out, c.Stderr)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := inNamespace(c.Namespace, cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go p.scan(stdout, c.Line)
	go func() {
		<-p.read
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *Process) scan(stdout io.Reader, line func(string)) {
	defer close(p.read)
	r := bufio.NewReader(stdout)
	for {
		s, err := r.ReadString('\n')
		if s != "" {
			io.WriteString(p.out, s)
			if line != nil {
				line(strings.TrimRight(s, "\r\n"))
			}
		}
		if err != nil {
			return
		}
	}
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended describes how the child ended, with its last output. Call it after Done.
func (p *Process) Ended() error {
	<-p.done
	how := "with exit code 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s ended (%s); its last output:\n%s", p.name, how, p.out)
}

// Kill ends the child, and what it may have started, with SIGKILL and waits
// until it is gone.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return // its number may be another's by now
	default:
	}
	syscall.Kill(-p.PID(), syscall.SIGKILL) // its group, whose number is its own
	<-p.done
}

// Pause stops the child and all its threads in the middle of what they do, until
// Continue, Kill or Stop.
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Continue lets a paused child go on.
func (p *Process) Continue() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("send %s to %s: %w", s, p.name, err)
	}
	return nil
}

// Stop asks the child to end with SIGTERM. After StopWait, or when ctx is done,
// it is killed, which is an error, as is an exit code that is not 0.
func (p *Process) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, StopWait)
	defer cancel()
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Process.Signal(syscall.SIGCONT) // should it be paused
	select {
	case <-p.done:
		if p.err != nil {
			return p.Ended()
		}
		return nil
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not end after SIGTERM: %w; its last output:\n%s",
			p.name, ctx.Err(), p.out)
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	mu struct {
		sync.Mutex
		b []byte // at most 2 × LogTailBytes
	}
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.b = append(t.mu.b, b...)
	if n := len(t.mu.b) - LogTailBytes; n > LogTailBytes {
		t.mu.b = append(t.mu.b[:0], t.mu.b[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.mu.b[max(0, len(t.mu.b)-LogTailBytes):])
}
