package s3

import "testing"

func TestPartsOfAnUnknownNumberAreEnough(t *testing.T) {
	t.Parallel()
	st := state{Part: minPart}
	var all, before int64
	for number := 1; number <= maxParts; number++ {
		size := st.sizeOf(number)
		if size < before || size > maxPart {
			t.Fatalf("part %d has %d bytes after %d", number, size, before)
		}
		all, before = all+size, size
	}
	if few := st.sizeOf(1000); few != minPart {
		t.Errorf("part 1,000 has %d bytes", few)
	}
	if all < 1<<40 {
		t.Errorf("%d bytes are all that fits", all)
	}
}
