/** Statistics in the corner: what is there, how much of it is active, and what is drawn. */
import { number } from "../figures/words";
import type { Drawn } from "./scene/BrainScene";
import type { Activity, Bright, Statistics, Unit } from "./scene/statistics";

interface CornerProps {
  activity: Activity;
  found: Statistics;
  above: number;
  hide: boolean;
  n_tokens: number;
  drawn: Drawn | null;
  /** Links drawn and links there are. */
  links: readonly [number, number] | null;
  onUnit: (unit: Unit) => void;
}

const DETAILS = { int8: "8-bit, scaled by layer", f16: "half precision" } as const;

export function Corner({ activity, found, above, hide, n_tokens, drawn, links, onUnit }: CornerProps) {
  const total = found.n_neurons.toLocaleString("en-GB");
  const shown = hide ? found.above : found.n_neurons;
  return (
    <div className="brain-corner">
      <dl>
        <Fact name="neurons">
          {total} in {activity.n_layers} layers
        </Fact>
        <Fact name="tokens">{n_tokens}</Fact>
        <Fact name={`size ≥ ${number(above)}`}>{number(100 * found.share)} %</Fact>
        <Fact name="drawing">
          {shown.toLocaleString("en-GB")} of {total}
        </Fact>
        {links && (
          <Fact name="links">
            {links[0]} of {links[1]}
          </Fact>
        )}
        <Fact name="numbers">{DETAILS[activity.detail]}</Fact>
        {drawn && (
          <Fact name="pictures a second">{drawn.rate === null ? "at rest" : drawn.rate.toFixed(0)}</Fact>
        )}
      </dl>
      <p className="brain-corner-head">brightest</p>
      <ol className="brain-brightest">
        {found.brightest.map((unit) => (
          <li key={`${unit.layer}.${unit.neuron}`}>
            <BrightButton unit={unit} onUnit={onUnit} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function BrightButton({ unit, onUnit }: { unit: Bright; onUnit: (unit: Unit) => void }) {
  return (
    <button type="button" className="brain-bright" onClick={() => onUnit(unit)}>
      <code>
        mlp_act.{unit.layer}.{unit.neuron}
      </code>
      <b>{number(unit.value)}</b>
    </button>
  );
}
