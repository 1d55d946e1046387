/** Neurons that a neuron is joined to by its weights: those it reads from, those that read it. */
import { useAnswered } from "../result/useAnswered";
import { cut } from "../result/cube";
import { Complaint } from "../shell/Panel";
import type { Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { type Cubes, current, useCubes, useQuestion } from "./asking";
import { type Related, UnitList } from "./UnitList";

const WANTED = { cosine: {}, p: {}, partner_layer: {}, partner_neuron: {}, compared: {} };
const SHOWN = 10;

interface WeightsProps {
  model: string;
  unit: Unit;
  ready: boolean;
}

export function Weights({ model, unit, ready }: WeightsProps) {
  const asked = { model, neurons: `${unit.layer}.${unit.index}`, top_k: SHOWN };
  const answered = useAnswered(useQuestion("neuron_connections", asked, ready));
  const { cubes, failure } = useCubes(current(answered), WANTED);
  return (
    <AskedPanel
      id="weights"
      title="Neurons it is joined to"
      reading="cosine of what the earlier one writes with what the later one reads; below 0 it quiets"
      answered={answered}
      tall={330}
    >
      {(result) =>
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : cubes ? (
          <div className="logit-ends">
            {((result.coords.item?.values ?? []) as string[]).map((name, item) => (
              <Side key={name} name={name} item={item} cubes={cubes} />
            ))}
          </div>
        ) : (
          <div className="skeleton" style={{ height: 330 }} />
        )
      }
    </AskedPanel>
  );
}

function Side({ name, item, cubes }: { name: string; item: number; cubes: Cubes }) {
  const side = name.slice(name.indexOf(" ") + 1);
  const column = (variable: string) => {
    const cube = cubes[variable];
    return Array.from((cube && cut(cube, { item }).numbers) ?? []);
  };
  const [layer, index, p] = ["partner_layer", "partner_neuron", "p"].map(column) as [
    number[],
    number[],
    number[],
  ];
  const related = column("cosine")
    .map((value, rank): Related => {
      const partner = { kind: "neuron", layer: layer[rank] ?? -1, index: index[rank] ?? -1 } as const;
      return { unit: partner, value, p: p[rank] ?? Number.NaN };
    })
    .filter(({ unit }) => unit.index >= 0);
  const words = side.startsWith("is read")
    ? side.replace("is read", "Is read by")
    : side.replace("reads", "Reads from");
  return (
    <section data-side={side}>
      <h3>
        {words} <span className="muted">of {column("compared")[0]} compared</span>
      </h3>
      <UnitList label={words} measure="cosine" related={related} />
    </section>
  );
}
