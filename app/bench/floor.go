package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// serveFloor writes bytes to many connections, and does nothing else. The first
// connection commands: for each length that comes on it, as four bytes, a text
// frame of that many bytes goes to all the others.
func serveFloor(ctx context.Context, w io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	fmt.Fprintf(w, "open=http://%s\n", l.Addr())
	command, err := l.Accept()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer command.Close()
	var conns []net.Conn
	for range fanSockets {
		c, err := l.Accept()
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for {
		var length uint32
		if err := binary.Read(command, binary.BigEndian, &length); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		frame := textFrame(int(length))
		for _, c := range conns {
			if _, err := c.Write(frame); err != nil {
				return fmt.Errorf("bench: %w", err)
			}
		}
	}
}

// textFrame is a WebSocket text frame of so many bytes in all.
func textFrame(length int) []byte {
	frame := make([]byte, length)
	frame[0] = 0x81
	if length-2 < 126 {
		frame[1] = byte(length - 2)
		return frame
	}
	frame[1] = 126
	binary.BigEndian.PutUint16(frame[2:], uint16(length-4))
	return frame
}
