package store

// SealedPurposes lists what the rotation of the key knows.
func SealedPurposes() (list []string) {
	for _, c := range sealedColumns() {
		list = append(list, c.purpose)
	}
	return list
}
