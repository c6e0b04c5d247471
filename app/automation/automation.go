// Package automation decides what is sent when a call's analysis is complete.
//
// An automation is stored as a graph ([app.Graph]). [Compile] makes one of the
// flat rule that the API speaks, and [Project] reads the rule back from any graph
// that says no more than a rule can; project(compile(r)) is r. A graph is made
// ready to run as a [Program], and a call as a [Call]. Whether the program
// matches the call is a pure function of the two: no clock, no network, no
// database, the same answer every time.
//
// # Comparing
//
// Text and words compare without case, by Unicode's simple folding, which leaves
// scripts without case, as Thai, as they are; blanks around a text do not count.
// A telephone number is compared both as it was given and in its international
// form, without the marks between its digits. Of topics any one may meet eq,
// contains, starts_with and in, and none may meet what ne and not_contains rule
// out. A blank text, an empty list and an absent number are missing: a missing
// value meets is_empty, ne, not_in and not_contains, and nothing else. Ranges
// include both ends. call_hour and call_weekday are those of the business's time
// zone, and a range of them may run over midnight or the end of the week.
//
// # Sending
//
// The package sends nothing and knows no channel's limits: messages are plain
// text, bounded, and whoever sends them escapes and shortens them.
package automation
