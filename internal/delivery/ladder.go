package delivery

import "banlang/internal/job"

// schedule names the handlers of the ledger's jobs.
func (d *Desk) schedule(*job.Queue) {}
