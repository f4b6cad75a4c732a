// The search: prose before the reference of the package, and words of three languages.
// Russian words lose their ending and Chinese is cut into pairs of signs, as rutrade.publish.search has done to the index.
const RUSSIAN_ENDINGS = "иями ями ами ией иям ием иях ого его ому ему ыми ими ает яет ют ют ую юю ая яя ое ее ые ие ый ий ой ей ом ем ам ям ах ях ых их ов ев ия ии ию ью ть а я о е и ы у ю ь й".split(" ");
const russianStem = (word) => {
  const end = RUSSIAN_ENDINGS.find((e) => word.endsWith(e) && word.length - e.length >= 4);
  return end ? word.slice(0, -end.length) : word;
};
const chinesePairs = (run) =>
  run.length < 3 ? [run] : Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2));
var splitQuery = (query) =>
  query
    .split(/[^\p{Letter}\p{Number}_]+/gu)
    .flatMap((word) => word.match(/[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+/g) || [])
    .flatMap((word) =>
      /[\u4e00-\u9fff]/.test(word) ? chinesePairs(word) : /[а-яё]/i.test(word) ? [russianStem(word.toLowerCase())] : [word]
    );
const PAGE_WEIGHTS = [
  [/^book\/api\/|^(genindex|py-modindex)/, -40], // a name in the package is rarely what a reader looks for
  [/^book\/results\/(data|figures)/, -4],
  [/^book\/results\/(?!base\/)[^/]+\//, -6], // single runs repeat the chapter
  [/^book\/glossary/, 6],
  [/^book\/(index|results\/(base\/|projections|claims|ru|zh))/, 4],
];
var Scorer = {
  score: ([page, , , , score]) => score + (PAGE_WEIGHTS.find(([pattern]) => pattern.test(page)) || [0, 0])[1],
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
