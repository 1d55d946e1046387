/** Neurons whose activations go together with this one's over text. */
import type { Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { current, useCubes, useQuestion } from "./asking";
import { useAnswered } from "../result/useAnswered";
import { type Related, UnitList } from "./UnitList";

const WANTED = { correlation: {}, low: {}, high: {}, p: {}, second_layer: {}, second_neuron: {} };

interface SimilarProps {
  model: string;
  unit: Unit;
  ready: boolean;
}

export function Similar({ model, unit, ready }: SimilarProps) {
  const asked = { model, layer: unit.layer, neuron: unit.index };
  const answered = useAnswered(useQuestion("correlated_neurons", asked, ready));
  const { cubes } = useCubes(current(answered), WANTED);
  const column = (name: string) => cubes?.[name]?.numbers ?? new Float64Array();
  const related = Array.from(column("correlation"), (value, rank): Related => {
    const at = (name: string) => column(name)[rank] as number;
    const other = { kind: "neuron", layer: at("second_layer"), index: at("second_neuron") } as const;
    return { unit: other, value, low: at("low"), high: at("high"), p: at("p") };
  });
  return (
    <AskedPanel
      id="similar"
      title="Neurons alike"
      reading="correlation of activations over text; p by circular shifts, corrected over all neurons"
      answered={answered}
      tall={420}
    >
      {() =>
        cubes ? (
          <UnitList label="Neurons that correlate most" measure="correlation" related={related} />
        ) : (
          <div className="skeleton" style={{ height: 420 }} />
        )
      }
    </AskedPanel>
  );
}
