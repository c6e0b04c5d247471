package store

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

// writeCursor names a row of a list that is ordered by time and id.
func writeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMilli(), 10) + " " + id))
}

func readCursor(cursor string) (at int64, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, ok := strings.Cut(string(b), " ")
	if err == nil && ok {
		at, err = strconv.ParseInt(ms, 10, 64)
	}
	if err != nil || !ok {
		return 0, "", &app.Error{
			Kind: app.Malformed, Code: "invalid_query", Message: "cursor: this is not a cursor that was given out.",
			Fields: []app.Field{{Name: "cursor", Message: "This is not a cursor that was given out."}},
		}
	}
	return at, id, nil
}
