declare module "virtual:texts/*" {
  const texts: import("./texts").Texts;
  export default texts;
}
