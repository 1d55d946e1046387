/** An ordered list: one row an entry, a bar for its value. */
import { extent } from "../colour/domain";
import { number, visible } from "./words";

export interface Column {
  name: string;
  title: string;
  /** One entry a row: numbers are set right, text is set as given. */
  values: readonly (number | string)[];
  /** The text is tokens, whose spaces are shown. */
  tokens?: boolean;
}

interface RankingProps {
  label: string;
  /** What heads the first column, and the entry of each row there. */
  axis: string;
  entries: readonly string[];
  columns: readonly Column[];
  /** Name of the column that the bars draw. */
  bars: string | null;
}

export function Ranking({ label, axis, entries, columns, bars }: RankingProps) {
  const drawn = columns.find(({ name }) => name === bars);
  const numbers = drawn?.values.filter((value) => typeof value === "number") ?? [];
  const [low, high] = extent(numbers) ?? [0, 1];
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return (
    <table className="ranking">
      <caption className="hidden">{label}</caption>
      <thead>
        <tr>
          <th scope="col">{axis}</th>
          {columns.map(({ name, title, values }) => (
            <th key={name} scope="col" className={typeof values[0] === "number" ? "right" : ""}>
              {title}
            </th>
          ))}
          {drawn && <th aria-hidden="true" className="bar-cell" />}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry, row) => (
          <tr key={`${row} ${entry}`}>
            <th scope="row">{entry}</th>
            {columns.map((column) => (
              <Cell key={column.name} column={column} value={column.values[row] ?? ""} />
            ))}
            {drawn && <Bar value={drawn.values[row]} reach={reach} signed={low < 0} />}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ column, value }: { column: Column; value: number | string }) {
  if (typeof value === "number")
    return (
      <td className="right mono" data-variable={column.name} data-value={value}>
        {number(value)}
      </td>
    );
  return (
    <td
      className={column.tokens ? "mono token-cell" : "prose"}
      data-variable={column.name}
      data-value={value}
    >
      {column.tokens ? visible(value) : value}
    </td>
  );
}

function Bar({
  value,
  reach,
  signed,
}: {
  value: number | string | undefined;
  reach: number;
  signed: boolean;
}) {
  const share = typeof value === "number" && Number.isFinite(value) ? value / reach : 0;
  const width = Math.abs(share) * (signed ? 50 : 100);
  const left = signed ? (share < 0 ? 50 - width : 50) : 0;
  return (
    <td className="bar-cell" aria-hidden="true">
      <i className={share < 0 ? "bar negative" : "bar"} style={{ left: `${left}%`, width: `${width}%` }} />
    </td>
  );
}
