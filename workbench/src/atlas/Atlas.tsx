/** Atlas: all neurons of a model on one map, with what selects, colours and follows them. */
import { useMemo } from "react";
import { within } from "../figures/pointcloud";
import { useAnswered } from "../result/useAnswered";
import { usePage } from "../state/page";
import "../styles/atlas.css";
import { readOutline } from "./address";
import { allOf, countOf } from "./algebra";
import { AtlasMap } from "./AtlasMap";
import { Chosen } from "./Chosen";
import { neuronsOf } from "./neurons";
import { Overlap } from "./Overlap";
import { Pushers } from "./Pushers";
import { Queries } from "./Queries";
import { mapQuestion } from "./sources";
import { Training } from "./training/Training";
import { useColouring } from "./useColouring";
import { useNumbers } from "./useNumbers";
import { useTerms } from "./useTerms";

const FIRST = { component: 0 };
const SECOND = { component: 1 };

export default function Atlas() {
  const { query, set } = usePage();
  const answered = useAnswered(mapQuestion(query));
  const result = query.map ? answered.result : null;
  const neurons = useMemo(() => result && neuronsOf(result), [result]);
  const coordinates = result?.variables.find(({ name }) => name === "coordinates");
  const x = useNumbers(result, coordinates, FIRST);
  const y = useNumbers(result, coordinates, SECOND);
  const cloud = useMemo(
    () => (x && y && neurons && x.length === neurons.names.length ? { x, y } : null),
    [x, y, neurons],
  );
  const terms = useTerms(neurons);
  const region = useMemo(() => {
    const outline = readOutline(query.region);
    return cloud && outline ? within(cloud, outline) : null;
  }, [cloud, query.region]);
  const kept = useMemo(() => allOf([terms.set, region]), [terms.set, region]);
  const coloured = useColouring(result, neurons, cloud, terms.asked[0]);
  const filters = [
    ...(terms.set ? [{ label: "queries", kept: countOf(terms.set), clear: () => set({ q: null }) }] : []),
    ...(region ? [{ label: "region", kept: countOf(region), clear: () => set({ region: null }) }] : []),
  ];
  const total = neurons?.names.length ?? 0;
  return (
    <main className="atlas">
      <h1 className="hidden">Atlas</h1>
      <div className="atlas-main">
        <AtlasMap {...{ answered, neurons, cloud, coloured, kept }} />
        <Pushers neurons={neurons} />
      </div>
      <div className="atlas-side">
        <Queries terms={terms} total={total} />
        <Chosen {...{ neurons, kept, coloured, terms, filters }} />
      </div>
      <div className="atlas-below">
        <Training />
        <Overlap />
      </div>
    </main>
  );
}
