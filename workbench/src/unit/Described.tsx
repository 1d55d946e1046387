/** The words of a neuron: what it writes through later heads, taken apart into few words, where that is stored. */
import { number, visible } from "../figures/words";
import { cut } from "../result/cube";
import { useResult, useShelf } from "../results/stored";
import { PageLink } from "../shell/PageLink";
import { Panel } from "../shell/Panel";
import { type Unit, writeUnit } from "../state/units";
import { useCubes } from "./asking";

const WANTED = { atom: {}, weight: {} };
const LISTED = 16;

export function Described({ model, unit }: { model: string; unit: Unit }) {
  const { data } = useShelf({ analysis: "text_decomposition", model }, 1);
  const { data: result } = useResult(data?.entries[0]?.digest);
  const names = (result?.coords.address ?? result?.coords.item)?.values as readonly string[] | undefined;
  const item = names?.indexOf(writeUnit(unit)) ?? -1;
  const { cubes } = useCubes(item >= 0 && result ? result : null, WANTED);
  if (!result || item < 0) return null;
  const words = (cubes?.atom ? (cut(cubes.atom, { item }).texts ?? []) : []).slice(0, LISTED);
  const weights = cubes?.weight ? (cut(cubes.weight, { item }).numbers ?? []) : [];
  return (
    <Panel
      id="described"
      title="Its words"
      reading="what it writes through later heads, as a sum of few words; a minus takes away"
      actions={
        <PageLink to="/results" query={{ result: result.digest }} className="mono">
          {result.digest.slice(0, 12)}
        </PageLink>
      }
    >
      <ul className="described">
        {words.map((word, row) =>
          word ? (
            <li key={`${row} ${word}`} data-weight={weights[row]}>
              <b className="mono">{visible(word)}</b>{" "}
              <span className="mono muted">{number(weights[row])}</span>
            </li>
          ) : null,
        )}
      </ul>
    </Panel>
  );
}
