package store

import "io/fs"

// WithMigrations returns o with other migrations than the program's own.
func WithMigrations(o Options, migrations fs.FS) Options {
	o.migrations = migrations
	return o
}
