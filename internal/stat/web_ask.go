package stat

import "banlang/internal/web"

// mountAsk registers the pages of officers' questions.
func (h handler) mountAsk(*web.Site) {}
