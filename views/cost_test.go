package views_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/views"
)

func TestMoney(t *testing.T) {
	is := is.New(t)
	for micros, want := range map[int64]string{
		0: "0.00 THB", 1: "0.000001 THB", 12_345: "0.0123 THB", 990_000: "0.9900 THB", 1_005_000: "1.00 THB", 12_340_000: "12.34 THB",
		1_234_567_890_000: "1,234,567.89 THB", -1_234_000_000: "-1,234.00 THB",
	} {
		is.Equal(views.Money(micros, "THB"), want)
	}
	is.Equal(views.Money(2_000_000, ""), "2.00")
}
