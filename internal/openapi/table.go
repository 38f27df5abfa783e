package openapi

import (
	"slices"

	"banlang/internal/duty"
	"banlang/internal/plan"
)

// root is where the API begins.
const root = "/api/v1/"

// operations is the API. Adding a row adds the route, its checks and its description.
var operations = []operation{
	{
		path: root + "places", act: duty.PlaceRead, id: "listPlaces", tag: "places", summary: "Administrative units on a day",
		about: "Units that hold on the day, sorted by name. With q: units by name or code, marks and case aside; one that has ended says where it lies now.",
		params: slices.Concat([]param{
			{name: "within", about: "Code of the unit in which they lie on that day, or the id of a version.", example: "20"},
			{name: "level", about: "Level of the units.", enum: []string{"province", "district", "commune"}},
			{name: "date", about: "Day asked about; today unless given. Districts ended on 30 June 2025.", example: "2025-07-01"},
			{name: "q", about: "A name or a code.", example: "mai pha"},
		}, paged(pageLimit, pageLimit)),
		answer: List[Place]{}, gives: places,
	},
	{
		path: root + "places/{code}", act: duty.PlaceRead, id: "readPlace", tag: "places", summary: "One unit, with its lineage",
		about: "The unit that had the code on the day. Codes are used again: the same code on another day can be another unit.",
		params: []param{
			{name: "code", path: true, about: "Official code, or the id of a version.", example: "05977"},
			{name: "date", about: "Day asked about; today unless given.", example: "2025-06-30"},
		},
		answer: PlaceDetail{}, gives: onePlace,
	},
	{
		path: root + "groups", act: duty.EthnicRead, id: "listGroups", tag: "groups", summary: "The 54 ethnic groups",
		about:  "With both official lists of codes, languages and the censuses of 1999 and 2019.",
		params: slices.Concat([]param{{name: "minority", about: "Only minorities, or only the majority.", enum: []string{"true", "false"}}}, paged(pageLimit, pageLimit)),
		answer: List[Group]{}, gives: groups,
	},
	{
		path: root + "groups/{slug}", act: duty.EthnicRead, id: "readGroup", tag: "groups", summary: "One group",
		about:  "With its census of 2019 by province. Small numbers are hidden, and with them as many others as keep the secret.",
		params: []param{{name: "slug", path: true, about: "Key of the group.", example: "tay"}},
		answer: GroupDetail{}, gives: oneGroup,
	},
	{
		path: root + "bulletins", act: duty.BulletinRead, id: "listBulletins", tag: "bulletins", summary: "Bulletins in force, newest first",
		about: "What has expired or was recalled is not among them.",
		params: slices.Concat([]param{
			{name: "topic", about: "Topic.", enum: topicNames()},
			{name: "class", about: "How urgent.", enum: classNames()},
			{name: "place", about: "Told in this place: code of a unit that holds today, or the id of a version.", example: "20"},
			{name: "lang", about: "Told in this language (BCP 47).", example: "tyz"},
		}, paged(findSize, findLimit)),
		answer: List[Bulletin]{}, gives: bulletins,
	},
	{
		path: root + "bulletins/{id}", act: duty.BulletinRead, id: "readBulletin", tag: "bulletins", summary: "One bulletin with its editions",
		about:  "410 where it was recalled or replaced.",
		params: []param{{name: "id", path: true, about: "Identifier."}},
		answer: BulletinDetail{}, gives: oneBulletin,
	},
	{
		path: root + "documents", act: duty.LibraryRead, id: "listDocuments", tag: "documents", summary: "Open documents of the library",
		about: "Newest first; with q, the best answer first.",
		params: slices.Concat([]param{
			{name: "q", about: "Words or a document number.", example: "101/KH-UBND"},
			{name: "kind", about: "Kind of document.", example: "plan"},
			{name: "issuer", about: "Who issued it."},
			{name: "year", about: "Year of signing.", least: 1900, most: 2200},
			{name: "subject", about: "Subject."},
			{name: "group", about: "Key of an ethnic group that it is about.", example: "tay"},
			{name: "lang", about: "Language (BCP 47)."},
		}, paged(findSize, findLimit)),
		answer: List[Document]{}, gives: documents,
	},
	{
		path: root + "documents/{id}", act: duty.LibraryRead, id: "readDocument", tag: "documents", summary: "One document",
		about:  "410 where it was withdrawn.",
		params: []param{{name: "id", path: true, about: "Identifier."}},
		answer: DocumentDetail{}, gives: oneDocument,
	},
	{
		path: root + "targets", act: duty.PlanReadPublic, id: "listTargets", tag: "targets", summary: "The target ledger",
		about: "What the plans promised and what is certified of it. A target that cannot be judged has the verdict not_enough, says what is missing, and has no result.",
		params: slices.Concat([]param{
			{name: "plan", about: "Code of the plan.", example: "KH101"},
			{name: "year", about: "Year in which it falls due.", least: 2000, most: 2100},
			{name: "verdict", about: "How it stands.", enum: verdictNames()},
		}, paged(pageLimit, pageLimit)),
		answer: List[plan.Record]{}, gives: targets,
	},
	{
		path: root + "targets/{code}", act: duty.PlanReadPublic, id: "readTarget", tag: "targets", summary: "One target",
		params: []param{{name: "code", path: true, about: "Code of the target.", example: "KH101-2023-1"}},
		answer: plan.Record{}, gives: oneTarget,
	},
	{
		path: root + "so-lieu", act: duty.StatReadRelease, id: "listDataSets", tag: "figures", summary: "Released data sets, newest first",
		about:  "Only what was released: protected, reviewed by two persons and frozen. What was recalled is not among them.",
		params: slices.Concat([]param{{name: "topic", about: "Topic of the indicators.", example: "population"}}, paged(pageLimit, pageLimit)),
		answer: List[DataSet]{}, gives: dataSets,
	},
	{
		path: root + "so-lieu/{code}", act: duty.StatReadRelease, id: "readDataSet", tag: "figures", summary: "One data set with its dimensions and files",
		about:  "The figures themselves are in the files: JSON-stat, CSV with a data package, GeoJSON, SDMX-CSV, DHIS2, Excel. 410 where it was recalled.",
		params: []param{{name: "code", path: true, about: "Code of the data set.", example: "dan-so-dan-toc-2019"}},
		answer: DataSetDetail{}, gives: oneDataSet,
	},
	{
		path: root + "search", act: duty.Public, id: "search", tag: "search", summary: "Search everything public",
		about: "With or without marks; document numbers as they are written. The answers are what a reader without an account sees.",
		params: slices.Concat([]param{
			{name: "q", about: "What is looked for.", example: "phong chay rung"},
			{name: "kind", about: "Only this kind of thing.", example: "bulletin"},
			{name: "lang", about: "Only in this language (BCP 47)."},
		}, paged(findSize, findLimit)),
		answer: Found{}, gives: find,
	},
}
