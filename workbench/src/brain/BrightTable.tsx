/** The strongest neurons of each layer in numbers, for readers who do not see the drawing. */
import { number } from "../figures/words";
import { endName, type Linkage, strongest } from "./scene/links";
import { type Activity, strongestOf, type Unit } from "./scene/statistics";

interface TableProps {
  activity: Activity;
  mean: ArrayLike<number>;
  token: string;
  onUnit: (unit: Unit) => void;
}

const EACH = 5;

export function BrightTable({ activity, mean, token, onUnit }: TableProps) {
  const layers = Array.from({ length: activity.n_layers }, (_, at) => activity.n_layers - 1 - at);
  return (
    <div
      className="brain-table"
      tabIndex={0}
      role="region"
      aria-label="Table of the strongest neurons by layer"
    >
      <table className="data">
        <caption>
          The {EACH} strongest neurons of each layer at {token}, the last layer first
        </caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Mean size</th>
            <th scope="col" colSpan={EACH}>
              Neuron: activation
            </th>
          </tr>
        </thead>
        <tbody>
          {layers.map((layer) => (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              <td>{number(mean[layer])}</td>
              {strongestOf(activity, layer, EACH).map((unit) => (
                <td key={unit.neuron} data-value={unit.value}>
                  <button type="button" className="text-button" onClick={() => onUnit(unit)}>
                    {unit.neuron}
                  </button>
                  : {number(unit.value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The links that are drawn, the strongest first. */
export function LinkTable({ linkage }: { linkage: Linkage }) {
  const shown = strongest(linkage.links).toReversed();
  return (
    <div className="brain-table" tabIndex={0} role="region" aria-label="Table of the links">
      <table className="data">
        <caption>
          {linkage.title}: {shown.length} of {linkage.links.length} links, the strongest first
        </caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">{linkage.units}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ from, to, strength }) => (
            <tr key={`${endName(from)} ${endName(to)} ${from.layer}`}>
              <td className="mono">{endName(from)}</td>
              <td className="mono">{endName(to)}</td>
              <td data-value={strength}>{number(strength)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
