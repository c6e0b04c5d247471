package web

// Streamed is how files are sent while they are made.
var Streamed = streamed
