package urls

import "regexp"

var envVariable = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}`)

// withEnv replaces each ${env:NAME} in the literal text of a header by the value
// in [Entry.Env]. Braces in a value are text, never a variable of the template.
func (e *Entry) withEnv(text string) (string, error) {
	return envVariable.ReplaceAllStringFunc(text, func(match string) string {
		if value, known := e.Env[match[len("${env:"):len(match)-1]]; known {
			return value
		}
		return match
	}), nil
}
