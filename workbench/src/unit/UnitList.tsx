/** Units in order, each with a number, its interval and its p; a unit opens its page. */
import { Ranking } from "../figures/Ranking";
import { useOpen } from "../shell/PageLink";
import { samePlaces } from "../state/places";
import { useSelection } from "../state/selection";
import { placesOf, type Unit, writeUnit } from "../state/units";

export interface Related {
  unit: Unit;
  value: number;
  low?: number;
  high?: number;
  p?: number;
}

const LEVEL = 0.05;

interface UnitListProps {
  label: string;
  /** What the numbers are. */
  measure: string;
  related: readonly Related[];
}

export function UnitList({ label, measure, related }: UnitListProps) {
  const open = useOpen();
  const { hovered, hover } = useSelection();
  const ends = (which: "low" | "high") => related.map((one) => one[which] ?? Number.NaN);
  const known = related.some(({ low, high }) => low !== undefined && high !== undefined);
  const tested = related.some(({ p }) => p !== undefined);
  const lit = related.findIndex(({ unit }) => samePlaces(hovered, placesOf(unit)));
  return (
    <div className="table-scroll unit-list" tabIndex={0} role="region" aria-label={label}>
      <Ranking
        label={label}
        axis={related[0]?.unit.kind ?? "unit"}
        entries={related.map(({ unit }) => writeUnit(unit))}
        columns={[
          { name: "value", title: measure, values: related.map(({ value }) => value) },
          ...(tested ? [{ name: "p", title: "p", values: related.map(({ p }) => p ?? Number.NaN) }] : []),
        ]}
        bars="value"
        interval={known ? { low: ends("low"), high: ends("high") } : null}
        unsure={tested ? related.map(({ p }) => (p ?? 0) >= LEVEL) : null}
        lit={lit < 0 ? null : lit}
        onPoint={(row) => hover(row === null ? null : placesOf((related[row] as Related).unit))}
        onPin={(row) => open("/unit", { unit: writeUnit((related[row] as Related).unit) })}
      />
    </div>
  );
}
