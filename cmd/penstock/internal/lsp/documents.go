package lsp

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// document is a file that the client has open.
type document struct {
	uri, path string
	version   int
	text      *text
}

// initialize settles how the two sides speak.
func (s *Server) initialize(_ context.Context, p initializeParams) (any, error) {
	s.client = p
	s.state = running
	if slices.Contains(p.Capabilities.General.PositionEncodings, string(utf8Bytes)) {
		s.enc = utf8Bytes
	}
	c := serverCapabilities{
		PositionEncoding:   s.enc,
		TextDocumentSync:   syncOptions{OpenClose: true, Change: incremental, Save: true},
		CompletionProvider: completionOptions{Triggers: []string{`"`, ":", "["}},
		HoverProvider:      true,
		DefinitionProvider: true,
		ReferencesProvider: true,
		SymbolProvider:     true,
		CodeActionProvider: true,
	}
	if p.Capabilities.TextDocument.CodeAction.Literals != nil {
		c.CodeActionProvider = codeActionOptions{Kinds: []string{"quickfix"}}
	}
	c.Workspace.Folders.Supported, c.Workspace.Folders.Notifications = true, true
	return initializeResult{Capabilities: c, ServerInfo: serverInfo{Name: "penstock", Version: s.opts.Version}}, nil
}

// initialized asks to be told when files change that aren't open.
func (s *Server) initialized(context.Context, json.RawMessage) (any, error) {
	if !s.client.Capabilities.Workspace.WatchedFiles.Dynamic {
		return nil, nil
	}
	params, err := json.Marshal(map[string]any{"registrations": []map[string]any{{
		"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": map[string]any{"watchers": []map[string]any{{"globPattern": "**/*.cue"}}},
	}}})
	if err != nil {
		return nil, err
	}
	s.send(message{Version: version, ID: json.RawMessage(`"penstock-files"`), Method: "client/registerCapability", Params: params})
	return nil, nil
}

func (s *Server) shutdown(context.Context, json.RawMessage) (any, error) {
	s.state = stopped
	s.checks.stop()
	return nil, nil
}

func (s *Server) didOpen(_ context.Context, p didOpenParams) (any, error) {
	path, ok := filePath(p.Document.URI)
	if !ok {
		return nil, nil // an untitled document has no package
	}
	s.docs[p.Document.URI] = &document{uri: p.Document.URI, path: path, version: p.Document.Version, text: newText([]byte(p.Document.Text), s.enc)}
	s.dirty(path)
	return nil, nil
}

func (s *Server) didChange(_ context.Context, p didChangeParams) (any, error) {
	d := s.docs[p.Document.URI]
	if d == nil {
		return nil, nil
	}
	for _, c := range p.Changes {
		if c.Range == nil {
			d.text = newText([]byte(c.Text), s.enc)
			continue
		}
		start, end := d.text.offset(c.Range.Start), d.text.offset(c.Range.End)
		d.text = newText(slices.Concat(d.text.content[:start], []byte(c.Text), d.text.content[max(start, end):]), s.enc)
	}
	d.version = p.Document.Version
	s.dirty(d.path)
	return nil, nil
}

func (s *Server) didSave(_ context.Context, p documentParams) (any, error) {
	if d := s.docs[p.Document.URI]; d != nil {
		s.dirty(d.path)
	}
	return nil, nil
}

func (s *Server) didClose(_ context.Context, p documentParams) (any, error) {
	d := s.docs[p.Document.URI]
	if d == nil {
		return nil, nil
	}
	delete(s.docs, p.Document.URI)
	dir := filepath.Dir(d.path)
	if !slices.Contains(s.openDirs(), dir) {
		changed := map[string]bool{}
		for uri := range s.checks.last[dir] {
			changed[uri] = true
		}
		s.checks.forget(dir)
		s.publish(changed, nil)
	}
	s.dirty(d.path)
	return nil, nil
}

// watched marks what may depend on files that changed outside the editor.
func (s *Server) watched(_ context.Context, p watchedParams) (any, error) {
	for _, c := range p.Changes {
		if path, ok := filePath(c.URI); ok {
			s.dirty(path)
		}
	}
	return nil, nil
}

// refresh checks all that is open.
func (s *Server) refresh(context.Context, json.RawMessage) (any, error) {
	for _, dir := range s.openDirs() {
		s.checks.mark(dir, s.opts.Debounce)
	}
	return nil, nil
}

// dirty marks the packages that a change of the file may concern: its own, and the open ones of its module, since they may
// import it.
func (s *Server) dirty(path string) {
	root := moduleRoot(filepath.Dir(path))
	for _, dir := range s.openDirs() {
		if dir == filepath.Dir(path) || root != "" && moduleRoot(dir) == root || strings.Contains(path, string(filepath.Separator)+"cue.mod"+string(filepath.Separator)) {
			s.checks.mark(dir, s.opts.Debounce)
		}
	}
}

// openDirs are the directories of open CUE files, sorted.
func (s *Server) openDirs() []string {
	var dirs []string
	for _, d := range s.docs {
		if strings.HasSuffix(d.path, ".cue") {
			dirs = append(dirs, filepath.Dir(d.path))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// byPath is the open document of a file, or nil.
func (s *Server) byPath(path string) *document {
	for _, d := range s.docs {
		if d.path == path {
			return d
		}
	}
	return nil
}
