/** What a result leaves as: entries of its panel's menu. */
import { Menu } from "@mantine/core";
import { BASE } from "../api/client";
import type { Result } from "../api/shapes";

const FORMATS = [
  ["nc", "netCDF, opens in xarray"],
  ["zarr", "Zarr folder, zipped"],
  ["csv", "CSV table"],
  ["jsonl", "JSON lines"],
  ["json", "JSON"],
  ["npz", "NumPy arrays"],
  ["png", "Picture"],
  ["svg", "Drawing"],
  ["html", "Page that works offline"],
] as const;

export function ExportItems({ result }: { result: Result }) {
  return (
    <>
      <Menu.Label>Export</Menu.Label>
      {FORMATS.map(([format, words]) => (
        <Menu.Item
          key={format}
          component="a"
          href={`${BASE}/results/${result.digest}/export?format=${format}`}
          download
          rightSection={<span className="muted mono">.{format}</span>}
        >
          {words}
        </Menu.Item>
      ))}
    </>
  );
}
