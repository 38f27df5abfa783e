// Package stat answers officers' questions about figures in tables, charts and maps, keeps questions for later, shows profiles of
// places and groups, and makes releases: what may be published is built, protected, reviewed and frozen here. It stores no figure
// and computes none: package fact does; and nothing public is ever answered from fact.
package stat
