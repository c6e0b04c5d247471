package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// decode reads the request's JSON into a T and checks it.
func decode[T interface{ Validate() error }](c *fiber.Ctx) (in T, err error) {
	if err := unmarshal(c.Body(), &in); err != nil {
		return in, err
	}
	return in, in.Validate()
}

// decodeOptional is decode for a request that may have no body.
func decodeOptional[T interface{ Validate() error }](c *fiber.Ctx) (in T, err error) {
	if len(bytes.TrimSpace(c.Body())) == 0 {
		return in, in.Validate()
	}
	return decode[T](c)
}

// unmarshal tells JSON that cannot be read (400) from JSON of the wrong shape
// (422). Fields that are not known are passed over.
func unmarshal(b []byte, v any) error {
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && !json.Valid(b) { // not one that a type of ours found within a string
		return &app.Error{Kind: app.Malformed, Code: "invalid_json", Message: "The body is not valid JSON."}
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		var p app.Problems
		p.Add(field, "This must be %s, not %s.", jsonType(wrong), wrong.Value)
		return p.Err()
	}
	var e *app.Error
	if errors.As(err, &e) {
		return e
	}
	var p app.Problems
	p.Add("body", "The JSON does not have the shape that this call takes.")
	e, _ = p.Err().(*app.Error)
	e.Err = err
	return e
}

// jsonType names, as JSON does, what was expected.
func jsonType(e *json.UnmarshalTypeError) string {
	switch k := e.Type.Kind().String(); {
	case k == "struct" || k == "map":
		return "an object"
	case k == "slice" || k == "array":
		return "an array"
	case k == "bool":
		return "true or false"
	case k == "string":
		return "a string"
	case strings.HasPrefix(k, "int") || strings.HasPrefix(k, "uint"):
		return "a whole number"
	case strings.HasPrefix(k, "float"):
		return "a number"
	}
	return "of another type"
}
