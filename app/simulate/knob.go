package simulate

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A knob is a fault that can be asked for by name.
type knob[F any] struct {
	name  string
	value string // an example; empty: none is wanted
	text  string
	set   func(f *F, value string) error
}

// turn sets the faults that a list names, such as "token_ttl=1m,burst_500".
func turn[F any](all []knob[F], list string) (f F, err error) {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, value, given := strings.Cut(item, "=")
		k, ok := find(all, name)
		switch {
		case !ok:
			return f, fmt.Errorf("simulate: there is no fault %q: --faults help lists those that there are", name)
		case given && k.value == "", !given && k.value != "":
			return f, fmt.Errorf("simulate: write the fault as %s", k.usage())
		}
		if err := k.set(&f, value); err != nil {
			return f, fmt.Errorf("simulate: fault %s: %q is no value as in %s", name, value, k.usage())
		}
	}
	return f, nil
}

func find[F any](all []knob[F], name string) (k knob[F], ok bool) {
	for _, k := range all {
		if k.name == name {
			return k, true
		}
	}
	return k, false
}

func (k knob[F]) usage() string {
	if k.value == "" {
		return k.name
	}
	return k.name + "=" + k.value
}

// list writes what can be asked for.
func list[F any](w io.Writer, all []knob[F]) {
	for _, k := range all {
		fmt.Fprintf(w, "  %-28s %s\n", k.usage(), k.text)
	}
}

// The kinds of values.

func flagged[F any](to func(*F) *bool) func(*F, string) error {
	return func(f *F, _ string) error {
		*to(f) = true
		return nil
	}
}

func number[F any](to func(*F) *int) func(*F, string) error {
	return func(f *F, v string) (err error) {
		*to(f), err = strconv.Atoi(v)
		return err
	}
}

// fraction sets a number from 0 to 1.
func fraction[F any](to func(*F) *float64) func(*F, string) error {
	return func(f *F, v string) (err error) {
		*to(f), err = strconv.ParseFloat(v, 64)
		if err == nil && !(*to(f) >= 0 && *to(f) <= 1) {
			return strconv.ErrRange
		}
		return err
	}
}

func span[F any](to func(*F) *time.Duration) func(*F, string) error {
	return func(f *F, v string) (err error) {
		*to(f), err = time.ParseDuration(v)
		return err
	}
}

func words[F any](to func(*F) *string) func(*F, string) error {
	return func(f *F, v string) error {
		*to(f) = v
		return nil
	}
}

// oneOf sets a value by its name.
func oneOf[F, V any](to func(*F) *V, values map[string]V) func(*F, string) error {
	return func(f *F, name string) error {
		v, ok := values[name]
		if !ok {
			return fmt.Errorf("unknown value %q", name)
		}
		*to(f) = v
		return nil
	}
}
