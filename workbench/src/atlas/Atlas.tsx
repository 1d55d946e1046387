/** Atlas. */
import { Empty } from "../shell/Panel";

export default function Atlas() {
  return (
    <main>
      <h1 className="hidden">Atlas</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
