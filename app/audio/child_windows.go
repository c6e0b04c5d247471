package audio

import "os/exec"

// ownGroup leaves a command as it is: Windows kills no groups.
func ownGroup(*exec.Cmd) {}
