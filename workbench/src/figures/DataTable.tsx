/** The numbers of a drawing as a table, for readers who do not see it and for checking. */
import { capital, type Label, number, visible } from "./words";

export const MOST = 200;

interface DataTableProps {
  label: string;
  rowName: string;
  columnName: string;
  rows: readonly Label[];
  columns: readonly Label[];
  /** Cells by row then column. */
  values: ArrayLike<number> | null;
  words: readonly string[] | null;
}

export function DataTable({ label, rowName, columnName, rows, columns, values, words }: DataTableProps) {
  const some = { rows: rows.slice(0, MOST), columns: columns.slice(0, MOST) };
  const all = some.rows.length === rows.length && some.columns.length === columns.length;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={`Table of ${label}`}>
      {!all && (
        <p className="note">
          The first {some.rows.length} of {rows.length} rows and {some.columns.length} of {columns.length}{" "}
          columns; export CSV for all.
        </p>
      )}
      <table className="data">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{`${capital(rowName)} \\ ${columnName}`}</th>
            {some.columns.map(({ text, token }, column) => (
              <th key={column} scope="col" className={token ? "mono" : ""}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {some.rows.map(({ text, token }, row) => (
            <tr key={row}>
              <th scope="row" className={token ? "mono" : ""}>
                {text}
              </th>
              {some.columns.map((_, column) => {
                const place = row * columns.length + column;
                return <Entry key={column} value={values?.[place]} word={words?.[place]} />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Entry({ value, word }: { value: number | undefined; word: string | undefined }) {
  return (
    <td data-value={value} data-word={word}>
      {word !== undefined && <span className="mono">{visible(word)} </span>}
      {value !== undefined && number(value)}
    </td>
  );
}
