// Package app is the domain of CRK: the nouns that phone systems, stages, the
// store and the web speak of, with the rules that hold for them everywhere.
//
// It imports the standard library only and knows neither SQL nor HTTP. One file
// holds one noun; the same noun names the file in store, web and views.
//
// Everything belongs to a business. A [BusinessID] is a type of its own so that
// a query that is given another id in its place does not compile.
package app

// A BusinessID names a business, the owner of every other row. It is a UUIDv7.
type BusinessID string

// A UserID names a person who signs in. It is a UUIDv7.
type UserID string
