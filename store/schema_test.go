package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/store"
	"crk/store/storetest"
)

// TestSchemaIsTheSumOfTheMigrations arrives at the schema both ways: new, and
// from the first release with a row in each table.
func TestSchemaIsTheSumOfTheMigrations(t *testing.T) {
	is := is.New(t)
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	openAndClose(t, fresh)
	old := firstRelease(t)
	before := counts(t, old)
	openAndClose(t, old)

	want, got := describe(t, fresh), describe(t, old)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Error("schema.sql alone has:", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Error("the migrations alone make:", line)
		}
	}
	is.Equal(ask(t, fresh, `PRAGMA user_version`), ask(t, old, `PRAGMA user_version`)) // the same version
	is.Equal(ask(t, fresh, notes), ask(t, old, notes))                                 // by the same steps

	after := counts(t, old)
	for table, n := range before {
		if m, kept := after[table]; kept && m < n {
			t.Errorf("%d of %d rows of %s are left", m, n, table)
		}
	}
	is.Equal(ask(t, old, `PRAGMA integrity_check`), "ok")
	is.Equal(ask(t, old, `SELECT count(*) FROM call_index WHERE call_index MATCH 'เงินคืน'`), "1") // the full text index finds
}

// TestTheFirstReleaseHasARowInEachTable keeps the test above from passing by
// default.
func TestTheFirstReleaseHasARowInEachTable(t *testing.T) {
	for table, n := range counts(t, firstRelease(t)) {
		if n == 0 {
			t.Error("testdata/v1_rows.sql leaves empty:", table)
		}
	}
}

func TestDescribeTells(t *testing.T) {
	const table = `CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL DEFAULT 'z' CHECK (y IN ('z', 'w'))) STRICT; CREATE INDEX a_y ON a (y) WHERE y <> ''`
	same := `CREATE TABLE a (y TEXT NOT NULL DEFAULT 'z' CHECK (y IN ('z','w')), -- another order
		x INTEGER PRIMARY KEY) STRICT; CREATE INDEX a_y ON a(y) WHERE y<>''`
	describeSQL := func(text string) []string {
		path := filepath.Join(t.TempDir(), "x.db")
		storetest.Exec(t, path, text)
		return describe(t, path)
	}
	is := is.New(t)
	want := describeSQL(table)
	is.Equal(describeSQL(same), want) // neither order nor blanks nor comments are a difference
	for _, change := range [][2]string{
		{"STRICT", ""}, {"NOT NULL", ""}, {"'z' CHECK", "'w' CHECK"}, {", 'w'", ""}, {"y <> ''", "y <> 'a'"}, {"ON a (y)", "ON a (y DESC)"},
		{"CREATE INDEX", "CREATE UNIQUE INDEX"}, {"y TEXT", "y BLOB"}, {"PRIMARY KEY,", "PRIMARY KEY AUTOINCREMENT,"},
		{"DEFAULT 'z'", "DEFAULT 'z' REFERENCES a"},
	} {
		is.True(!slices.Equal(describeSQL(strings.Replace(table, change[0], change[1], 1)), want)) // each of these is
	}
}

func openAndClose(t *testing.T, path string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: path, Schema: storetest.Schema(t), Box: storetest.Box(t)})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal("open:", err)
	}
}

// firstRelease makes a database of the first release with rows.
func firstRelease(t *testing.T) string {
	t.Helper()
	schema, err := os.ReadFile("migrations/0001_baseline.sql")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile("testdata/v1_rows.sql")
	if err != nil {
		t.Fatal(err)
	}
	return baseline(t, string(schema)+"\n"+string(rows))
}

// describe tells all that makes up a schema, in sorted lines. The order of a
// table's columns is not part of it.
func describe(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var lines []string
	for _, query := range []string{
		`SELECT 'table', name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'`,
		`SELECT 'column', t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
			FROM pragma_table_list t, pragma_table_xinfo(t.name) c WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'`,
		`SELECT 'reference', t.name, f."from", f."table", f."to", f.on_update, f.on_delete
			FROM pragma_table_list t, pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'`,
		`SELECT 'index', t.name, CASE i.origin WHEN 'c' THEN i.name END, i."unique", i.origin, i.partial,
				(SELECT group_concat(coalesce(x.name, '-') || ' ' || x.desc || ' ' || x.coll ORDER BY x.seqno)
					FROM pragma_index_xinfo(i.name) x WHERE x.key = 1)
			FROM pragma_table_list t, pragma_index_list(t.name) i WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'`,
	} {
		lines = append(lines, rowsOf(t, db, query)...)
	}
	for _, s := range rowsOf(t, db, `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`) {
		lines = append(lines, textOf(s)...)
	}
	slices.Sort(lines)
	return lines
}

func rowsOf(t *testing.T, db *sql.DB, query string) (lines []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, v := range values {
			words = append(words, v.String)
		}
		lines = append(lines, strings.Join(words, " | "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

var (
	comment = regexp.MustCompile(`--[^\n]*`)
	blanks  = regexp.MustCompile(`\s+`)
	touches = regexp.MustCompile(` ?([(),=<>|]) ?`)
)

// textOf tells of a thing's SQL what the pragmas do not: the whole of triggers,
// views, virtual tables and partial indices, and of a table its checks, the
// expressions of its columns and AUTOINCREMENT.
func textOf(row string) []string {
	parts := strings.SplitN(row, " | ", 3)
	kind, name := parts[0], parts[1]
	text := comment.ReplaceAllString(parts[2], "")
	text = touches.ReplaceAllString(blanks.ReplaceAllString(text, " "), "$1")
	if kind != "table" || strings.HasPrefix(text, "CREATE VIRTUAL") {
		return []string{fmt.Sprintf("%s %s: %s", kind, name, strings.ReplaceAll(text, `"`, ""))}
	}
	var lines []string
	for _, word := range []string{" CHECK(", " AS("} {
		for rest := text; ; {
			i := strings.Index(rest, word)
			if i < 0 {
				break
			}
			rest = rest[i+len(word):]
			lines = append(lines, fmt.Sprintf("table %s:%s%s)", name, word, rest[:closing(rest)]))
		}
	}
	if strings.Contains(text, "AUTOINCREMENT") {
		lines = append(lines, "table "+name+": AUTOINCREMENT")
	}
	return lines
}

// closing returns where the bracket closes that was opened before s.
func closing(s string) int {
	depth := 1
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// counts returns how many rows each table has that is not SQLite's own.
func counts(t *testing.T, path string) map[string]int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[string]int{}
	for _, table := range rowsOf(t, db, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table] = n
	}
	return out
}
