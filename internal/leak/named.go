package leak

import (
	"slices"
	"strings"
	"unicode"
)

// Named reports whether a value is a secret by what it is called: DB_PASSWORD, api-key, authToken, Authorization. The
// value has to look like one, too: what is a reference, a path, an address or a name in small letters is none.
func Named(name, value string) bool {
	if !secretName(name) {
		return false
	}
	for _, scheme := range []string{"Bearer ", "Basic ", "Token ", "token "} {
		value = strings.TrimPrefix(value, scheme)
	}
	return random(value)
}

// secretName looks at the words of a name. The last one decides: a token is a secret, a token's URL is none.
func secretName(name string) bool {
	words := split(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	switch last {
	case "password", "passwd", "passphrase", "pwd", "pass", "secret", "secrets", "token", "credential", "credentials", "authorization", "apikey":
		return true
	case "key":
		return len(words) > 1 && slices.Contains([]string{"api", "access", "auth", "private", "signing", "encryption", "secret", "account", "master", "shared"}, words[len(words)-2])
	}
	return false
}

// split cuts a name into words in small letters: at what is no letter or digit, and where a capital follows a small one.
func split(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	small := false
	for _, c := range name {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
		case unicode.IsUpper(c) && small:
			flush()
			word = append(word, c)
		default:
			word = append(word, c)
		}
		small = unicode.IsLower(c)
	}
	flush()
	return words
}

// random reports whether a value may be a secret: long enough, of many different letters with digits among them, without
// spaces, and no name, path, address or placeholder.
func random(value string) bool {
	const least, bits = 8, 2.9
	if len(value) < least || strings.ContainsAny(value, " \t\n") || placeholder(value) || entropy(value) < bits {
		return false
	}
	if strings.Contains(value, "://") || strings.HasPrefix(value, "/") || strings.HasPrefix(value, "./") || strings.HasPrefix(value, "sha256:") || isName(value) {
		return false
	}
	digits := strings.IndexFunc(value, unicode.IsDigit) >= 0
	letters := strings.IndexFunc(value, unicode.IsLetter) >= 0
	return digits && letters
}

// isName reports whether a value is words in small letters, as hosts, files, images and objects are called:
// "db-1.example.com", "keys/v2/release.pub". One word alone may be a secret.
func isName(value string) bool {
	joined := false
	for _, c := range value {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c == '-' || c == '.' || c == '_' || c == '/' || c == ':' || c == '#' || c == '@':
			joined = true
		default:
			return false
		}
	}
	return joined
}

// placeholder reports whether a value stands for another one, or is plainly made up.
func placeholder(value string) bool {
	folded := strings.ToLower(value)
	for _, part := range []string{"${", "$(", "{{", "<", "…", "...", "example", "changeme", "change-me", "placeholder", "dummy", "redacted", "xxxx", "****", "your-", "your_", "replace", "insert"} {
		if strings.Contains(folded, part) {
			return true
		}
	}
	return strings.HasPrefix(value, "$") || strings.HasPrefix(value, "%") || strings.HasPrefix(value, "@") || strings.HasPrefix(value, "var.") || strings.HasPrefix(value, "local.") || strings.HasPrefix(value, "data.")
}

// passwordsInURLs finds scheme://user:password@host.
func passwordsInURLs(text string) []Finding {
	var out []Finding
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			return out
		}
		at += i + len("://")
		end := strings.IndexAny(text[at:], "/?# \t\n\"'`<>")
		if end < 0 {
			end = len(text) - at
		}
		user, _, found := cutLast(text[at:at+end], "@")
		name, password, both := strings.Cut(user, ":")
		if found && both && random(password) {
			start := at + len(name) + 1
			out = append(out, Finding{"password-in-url", start, start + len(password)})
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
