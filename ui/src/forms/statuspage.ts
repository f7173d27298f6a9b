import { fields, type Group, MONO, TEXT } from "./fields";

const root = fields("field");

/** The page that tells others how things are: the table `[status_page]`. */
export const STATUS_PAGE: readonly Group[] = [
  {
    text: "group.status_page",
    fields: [
      root("status_page.file", { shape: MONO, example: "status.html", width: "medium", hint: "hint.status_page.file" }),
      root("status_page.title", { shape: TEXT, example: "Status of Example", width: "medium" }),
      root("status_page.tags", {
        shape: { is: "list" },
        example: "public",
        width: "medium",
        hint: "hint.status_page.tags",
      }),
      root("status_page.details", { shape: { is: "switch", usual: false }, hint: "hint.status_page.details" }),
    ],
  },
];
