package lsp

import "encoding/json"

// What follows are the parts of the protocol (3.17) that the server speaks, with the names that they have there.

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type textRange struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type location struct {
	URI   string    `json:"uri"`
	Range textRange `json:"range"`
}

type documentID struct {
	URI string `json:"uri"`
}

type initializeParams struct {
	RootURI      string `json:"rootUri"`
	Capabilities struct {
		General struct {
			PositionEncodings []string `json:"positionEncodings"`
		} `json:"general"`
		Workspace struct {
			WatchedFiles struct {
				Dynamic bool `json:"dynamicRegistration"`
			} `json:"didChangeWatchedFiles"`
		} `json:"workspace"`
		TextDocument struct {
			Completion struct {
				Item struct {
					Snippets bool `json:"snippetSupport"`
				} `json:"completionItem"`
			} `json:"completion"`
			Symbols struct {
				Hierarchical bool `json:"hierarchicalDocumentSymbolSupport"`
			} `json:"documentSymbol"`
			CodeAction struct {
				Literals *json.RawMessage `json:"codeActionLiteralSupport"`
			} `json:"codeAction"`
		} `json:"textDocument"`
	} `json:"capabilities"`
}

type initializeResult struct {
	Capabilities serverCapabilities `json:"capabilities"`
	ServerInfo   serverInfo         `json:"serverInfo"`
}

type serverInfo struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type serverCapabilities struct {
	PositionEncoding   encoding              `json:"positionEncoding"`
	TextDocumentSync   syncOptions           `json:"textDocumentSync"`
	CompletionProvider completionOptions     `json:"completionProvider"`
	HoverProvider      bool                  `json:"hoverProvider"`
	DefinitionProvider bool                  `json:"definitionProvider"`
	ReferencesProvider bool                  `json:"referencesProvider"`
	SymbolProvider     bool                  `json:"documentSymbolProvider"`
	CodeActionProvider any                   `json:"codeActionProvider"`
	Workspace          workspaceCapabilities `json:"workspace"`
}

type workspaceCapabilities struct {
	Folders struct {
		Supported     bool `json:"supported"`
		Notifications bool `json:"changeNotifications"`
	} `json:"workspaceFolders"`
}

type syncOptions struct {
	OpenClose bool `json:"openClose"`
	Change    int  `json:"change"`
	Save      bool `json:"save"`
}

// incremental says that changes come as pieces.
const incremental = 2

type completionOptions struct {
	Triggers []string `json:"triggerCharacters"`
}

type codeActionOptions struct {
	Kinds []string `json:"codeActionKinds"`
}

type didOpenParams struct {
	Document struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
		Text    string `json:"text"`
	} `json:"textDocument"`
}

type didChangeParams struct {
	Document struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
	} `json:"textDocument"`
	Changes []struct {
		Range *textRange `json:"range"`
		Text  string     `json:"text"`
	} `json:"contentChanges"`
}

type documentParams struct {
	Document documentID `json:"textDocument"`
}

type positionParams struct {
	Document documentID `json:"textDocument"`
	Position position   `json:"position"`
	Context  struct {
		Declaration bool `json:"includeDeclaration"`
	} `json:"context"`
}

type codeActionParams struct {
	Document documentID `json:"textDocument"`
	Range    textRange  `json:"range"`
}

type watchedParams struct {
	Changes []documentID `json:"changes"`
}

type cancelParams struct {
	ID json.RawMessage `json:"id"`
}

type publishParams struct {
	URI         string       `json:"uri"`
	Version     *int         `json:"version,omitempty"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type diagnostic struct {
	Range    textRange `json:"range"`
	Severity int       `json:"severity"`
	Code     string    `json:"code"`
	Source   string    `json:"source"`
	Message  string    `json:"message"`
	Related  []related `json:"relatedInformation,omitempty"`
}

type related struct {
	Location location `json:"location"`
	Message  string   `json:"message"`
}

type completionList struct {
	Incomplete bool             `json:"isIncomplete"`
	Items      []completionItem `json:"items"`
}

type completionItem struct {
	Label         string   `json:"label"`
	Kind          int      `json:"kind"`
	Detail        string   `json:"detail,omitempty"`
	Documentation *markup  `json:"documentation,omitempty"`
	Sort          string   `json:"sortText"`
	Filter        string   `json:"filterText,omitempty"`
	Format        int      `json:"insertTextFormat,omitempty"`
	Edit          textEdit `json:"textEdit"`
}

type textEdit struct {
	Range textRange `json:"range"`
	Text  string    `json:"newText"`
}

type markup struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

type hover struct {
	Contents markup    `json:"contents"`
	Range    textRange `json:"range"`
}

type documentSymbol struct {
	Name      string           `json:"name"`
	Detail    string           `json:"detail,omitempty"`
	Kind      int              `json:"kind"`
	Range     textRange        `json:"range"`
	Selection textRange        `json:"selectionRange"`
	Children  []documentSymbol `json:"children,omitempty"`
}

type codeAction struct {
	Title       string        `json:"title"`
	Kind        string        `json:"kind"`
	Diagnostics []diagnostic  `json:"diagnostics"`
	Preferred   bool          `json:"isPreferred"`
	Edit        workspaceEdit `json:"edit"`
}

type workspaceEdit struct {
	Changes map[string][]textEdit `json:"changes"`
}
