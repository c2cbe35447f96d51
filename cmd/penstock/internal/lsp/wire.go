package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of what a client may send.
const (
	// maxMessage is the size of one message; editors send whole files.
	maxMessage = 64 << 20
	// maxHeader is the size of one header line.
	maxHeader = 4 << 10
)

// badFrame is a message that can't be read; the next one can.
type badFrame struct{ why string }

func (e *badFrame) Error() string { return e.why }

// readFrame reads the content of one message. A *badFrame leaves the reader where the next header should begin; any other
// error is the end.
func readFrame(r *bufio.Reader) ([]byte, error) {
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if err := skipLine(r); err != nil {
				return nil, err
			}
			return nil, &badFrame{"a header line is too long"}
		}
		if err != nil {
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			continue
		}
		if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 {
			return nil, &badFrame{fmt.Sprintf("Content-Length is %q", strings.TrimSpace(value))}
		}
	}
	if length < 0 {
		return nil, &badFrame{"a message has no Content-Length"}
	}
	if length > maxMessage {
		if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
			return nil, err
		}
		return nil, &badFrame{fmt.Sprintf("a message has %d bytes; %d are the most", length, maxMessage)}
	}
	var content bytes.Buffer // grows with what comes, not with what is announced
	if _, err := io.CopyN(&content, r, int64(length)); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}

func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// writeFrame writes one message.
func writeFrame(w io.Writer, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	frame := make([]byte, 0, len(content)+32)
	frame = fmt.Appendf(frame, "Content-Length: %d\r\n\r\n", len(content))
	if _, err := w.Write(append(frame, content...)); err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	return nil
}

// message is a request, a notification or a response.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

// isRequest reports whether the message wants an answer.
func (m *message) isRequest() bool { return m.Method != "" && len(m.ID) > 0 && string(m.ID) != "null" }

// rpcError is why a request has no result.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

// Error codes of JSON-RPC and of the protocol.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeNoMethod       = -32601
	codeInvalidParams  = -32602
	codeInternal       = -32603
	codeNotInitialized = -32002
	codeCancelled      = -32800
)

// decodeMessage reads a message's content.
func decodeMessage(content []byte) (*message, *rpcError) {
	var m message
	if err := json.Unmarshal(content, &m); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) || len(content) == 0 {
			return nil, &rpcError{codeParse, "the message is not JSON"}
		}
		return nil, &rpcError{codeInvalidRequest, "the message is not a request"}
	}
	if m.ID != nil && !validID(m.ID) {
		return nil, &rpcError{codeInvalidRequest, "an id is a number or a string"}
	}
	return &m, nil
}

func validID(id json.RawMessage) bool {
	switch c := id[0]; {
	case c == '"', c == '-', c >= '0' && c <= '9':
		return true
	}
	return string(id) == "null"
}
