// Package disk tells how much room is left where the data lies.
package disk

// Least is how much must be free, in bytes, for the appliance to take on new
// audio: enough for the database to go on and for a person to act.
const Least = 512 << 20

// Full reports whether less than Least is free at path. A disk that cannot be
// asked is not full.
func Full(path string) bool {
	free, err := Free(path)
	return err == nil && free < Least
}
