package mail

// OpenWith is open with certificates of a test.
var OpenWith = openWith
