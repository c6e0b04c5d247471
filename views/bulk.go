package views

import (
	"strconv"

	"crk/app"
)

// BulkConfirm asks before many calls are deleted.
type BulkConfirm struct {
	Total  int
	Most   int      // how many one run takes on
	IDs    []string // the chosen calls, unless All
	All    bool     // all that Filter finds
	Filter string   // the query of the list
	Back   string
}

// BulkPage shows how far a bulk run is.
type BulkPage struct {
	Run  app.BulkRun
	Back string
}

func (p BulkPage) under() bool { return p.Run.FinishedAt.IsZero() }

func (p BulkPage) done() string { return strconv.Itoa(p.Run.Done + p.Run.Skipped) }
