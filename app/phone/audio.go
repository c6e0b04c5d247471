package phone

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

const maxAnswer = 64 << 10 // of an answer in JSON where audio should be

// TakeAudio makes an [Audio] of an answer, whose body is body. It looks at the
// first bytes: login pages and errors come with status 200 and under audio's
// content type as well. What is no sound file is a BadContent [*Error] of op,
// unless it is an answer in JSON for which explain, which may be nil, returns
// another error. The caller closes body where there is an error.
func TakeAudio(op string, resp *http.Response, body io.ReadCloser, explain func(answer []byte) error) (Audio, error) {
	bad := func(detail string) error {
		return &Error{Kind: BadContent, Op: op, Status: resp.StatusCode, Detail: detail + told(resp)}
	}
	if resp.StatusCode == http.StatusPartialContent {
		return Audio{}, bad("a part came where the whole was asked for")
	}
	buffered := bufio.NewReaderSize(body, 32<<10)
	head, err := buffered.Peek(SniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return Audio{}, err
	}
	if kind, ok := Sniff(head); ok {
		return Audio{Body: readCloser{buffered, body}, ContentType: kind, Size: resp.ContentLength}, nil
	}
	switch {
	case len(head) == 0:
		return Audio{}, bad("the file is empty")
	case IsPage(head):
		return Audio{}, bad("a web page came instead of audio")
	case !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")):
		return Audio{}, bad(fmt.Sprintf("the bytes are no sound file: they begin % x", head[:min(len(head), 8)]))
	}
	answer, err := io.ReadAll(io.LimitReader(buffered, maxAnswer))
	if err != nil {
		return Audio{}, err
	}
	if explain != nil {
		if err := explain(answer); err != nil {
			return Audio{}, err
		}
	}
	return Audio{}, bad("an answer in JSON came instead of audio")
}

// told is what the answer's header says of what came, for support.
func told(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || len(kind) > 100 {
		kind = "no content type"
	}
	if resp.ContentLength < 0 {
		return " (" + kind + ")"
	}
	return fmt.Sprintf(" (%s, %d bytes)", kind, resp.ContentLength)
}

type readCloser struct {
	io.Reader
	io.Closer
}
