package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
)

// Server serves those who run the node, until Shutdown. Its methods may be called from
// any goroutine.
type Server struct {
	options  Options
	listener net.Listener
	http     http.Server
	metrics  http.Handler
	ended    chan struct{}
}

// Start listens and serves. The error names what is wrong with the address.
func Start(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("the options of the HTTP port: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	metrics, err := newMetrics(o.Node.Sample)
	if err != nil {
		return nil, fmt.Errorf("the table of metrics: %w", err)
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, listener: l, metrics: metrics, ended: make(chan struct{})}
	s.http = http.Server{
		Handler:           s,
		ReadHeaderTimeout: ReadTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    HeadBytesMax,
		ConnContext:       greet,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
		// It would answer OPTIONS * by itself, without asking for the token.
		DisableGeneralOptionsHandler: true,
	}
	go s.run()
	return s, nil
}

func (s *Server) run() {
	defer close(s.ended)
	err := s.http.Serve(newDoor(s.listener, ConnectionsMax))
	if !errors.Is(err, http.ErrServerClosed) {
		s.options.Logger.Error("the HTTP port is not served any more", "error", err)
	}
}

// Addr is where the server listens; with port 0 in the options, the real one.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Shutdown stops to listen. Requests that are being answered have stopTimeout, or until
// the context ends; what is left then is cut off.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil && ctx.Err() != nil {
		err = s.http.Close()
	}
	<-s.ended
	if err != nil {
		return fmt.Errorf("stop the HTTP port: %w", err)
	}
	return nil
}
