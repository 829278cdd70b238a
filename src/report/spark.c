/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the last builds took, as bars. */
#include "report/parts.h"

#define BARS   60
#define WIDTH  8 /* of a bar with its gap */
#define HEIGHT 48

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool counts(const struct store_build *b)
{
	return b->state == BUILD_SUCCESS || b->state == BUILD_FAILED;
}

static void describe(struct strbuf *out, const double *seconds, size_t n, size_t failed)
{
	double sorted[BARS];

	memcpy(sorted, seconds, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_size);
	sb_addf(out, "The last %zu builds, oldest first. Median ", n);
	page_seconds(out, n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2);
	sb_add(out, ", longest ");
	page_seconds(out, sorted[n - 1]);
	sb_addf(out, ", %zu failed.", failed);
}

static void bar(struct strbuf *out, size_t i, double height, bool failed)
{
	sb_addf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>\n",
		failed ? "f" : "s", i * WIDTH, HEIGHT - height, WIDTH - 2, height);
	/* not by colour alone */
	if (failed)
		sb_addf(out, "<rect class=\"f\" x=\"%zu\" y=\"%d\" width=\"%d\" height=\"3\"/>\n",
			i * WIDTH, HEIGHT + 3, WIDTH - 2);
}

void spark(struct strbuf *out, const struct store_builds *builds)
{
	const struct store_build *shown[BARS];
	auto_strbuf struct strbuf text = STRBUF_INIT;
	double seconds[BARS], most = 0;
	size_t n = 0, failed = 0;

	vec_foreach (builds, b)
		if (counts(b) && n < BARS)
			shown[n++] = b;
	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct store_build *b = shown[n - 1 - i];

		seconds[i] = b->seconds > 0 && b->seconds < 1e9 ? b->seconds : 0;
		most = seconds[i] > most ? seconds[i] : most;
		failed += b->state == BUILD_FAILED;
	}
	describe(&text, seconds, n, failed);
	sb_addf(out,
		"<svg class=\"spark\" role=\"img\" aria-labelledby=\"spark-t spark-d\" "
		"width=\"%zu\" height=\"%d\" viewBox=\"0 0 %zu %d\">\n"
		"<title id=\"spark-t\">How long builds took</title>\n"
		"<desc id=\"spark-d\">%s</desc>\n",
		n * WIDTH, HEIGHT + 6, n * WIDTH, HEIGHT + 6, sb_str(&text));
	for (size_t i = 0; i < n; i++) {
		double height = most > 0 ? HEIGHT * seconds[i] / most : 0;

		bar(out, i, height < 1 ? 1 : height, shown[n - 1 - i]->state == BUILD_FAILED);
	}
	sb_addf(out, "</svg>\n<p class=\"soft\">%s</p>\n", sb_str(&text));
}
