// Package stat answers officers' questions about figures in tables, charts and maps, keeps questions for later, and shows profiles of
// places and groups. It stores no figure and computes none: package fact does. What everybody may read is package release's.
package stat
