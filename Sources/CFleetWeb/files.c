// Made by Tests/app_rig/list_files.py from what lies in Sources/FleetWeb/App.
#include "CFleetWeb.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file0[] = {
#embed "../FleetWeb/App/app.css"
};
static const unsigned char file1[] = {
#embed "../FleetWeb/App/core/api.js"
};
static const unsigned char file2[] = {
#embed "../FleetWeb/App/core/dom.js"
};
static const unsigned char file3[] = {
#embed "../FleetWeb/App/core/format.js"
};
static const unsigned char file4[] = {
#embed "../FleetWeb/App/core/install.js"
};
static const unsigned char file5[] = {
#embed "../FleetWeb/App/core/parts.js"
};
static const unsigned char file6[] = {
#embed "../FleetWeb/App/core/router.js"
};
static const unsigned char file7[] = {
#embed "../FleetWeb/App/core/screens.js"
};
static const unsigned char file8[] = {
#embed "../FleetWeb/App/core/state.js"
};
static const unsigned char file9[] = {
#embed "../FleetWeb/App/core/store.js"
};
static const unsigned char file10[] = {
#embed "../FleetWeb/App/core/words.js"
};
static const unsigned char file11[] = {
#embed "../FleetWeb/App/core/zone.js"
};
static const unsigned char file12[] = {
#embed "../FleetWeb/App/desk.css"
};
static const unsigned char file13[] = {
#embed "../FleetWeb/App/icons/icon-192.png"
};
static const unsigned char file14[] = {
#embed "../FleetWeb/App/icons/icon-512.png"
};
static const unsigned char file15[] = {
#embed "../FleetWeb/App/icons/icon.svg"
};
static const unsigned char file16[] = {
#embed "../FleetWeb/App/index.html"
};
static const unsigned char file17[] = {
#embed "../FleetWeb/App/main.js"
};
static const unsigned char file18[] = {
#embed "../FleetWeb/App/manifest.webmanifest"
};
static const unsigned char file19[] = {
#embed "../FleetWeb/App/parts/alarm.js"
};
static const unsigned char file20[] = {
#embed "../FleetWeb/App/parts/basics.js"
};
static const unsigned char file21[] = {
#embed "../FleetWeb/App/parts/chart.js"
};
static const unsigned char file22[] = {
#embed "../FleetWeb/App/parts/code-form.js"
};
static const unsigned char file23[] = {
#embed "../FleetWeb/App/parts/compare.js"
};
static const unsigned char file24[] = {
#embed "../FleetWeb/App/parts/desk.js"
};
static const unsigned char file25[] = {
#embed "../FleetWeb/App/parts/icons.js"
};
static const unsigned char file26[] = {
#embed "../FleetWeb/App/parts/packs.js"
};
static const unsigned char file27[] = {
#embed "../FleetWeb/App/parts/rollout.js"
};
static const unsigned char file28[] = {
#embed "../FleetWeb/App/parts/said.js"
};
static const unsigned char file29[] = {
#embed "../FleetWeb/App/parts/shell.js"
};
static const unsigned char file30[] = {
#embed "../FleetWeb/App/parts/verdicts.js"
};
static const unsigned char file31[] = {
#embed "../FleetWeb/App/sw.js"
};
static const unsigned char file32[] = {
#embed "../FleetWeb/App/theme.js"
};
static const unsigned char file33[] = {
#embed "../FleetWeb/App/views/alarms.js"
};
static const unsigned char file34[] = {
#embed "../FleetWeb/App/views/audit.js"
};
static const unsigned char file35[] = {
#embed "../FleetWeb/App/views/battery.js"
};
static const unsigned char file36[] = {
#embed "../FleetWeb/App/views/causes.js"
};
static const unsigned char file37[] = {
#embed "../FleetWeb/App/views/claim.js"
};
static const unsigned char file38[] = {
#embed "../FleetWeb/App/views/data.js"
};
static const unsigned char file39[] = {
#embed "../FleetWeb/App/views/diagnose.js"
};
static const unsigned char file40[] = {
#embed "../FleetWeb/App/views/first-use.js"
};
static const unsigned char file41[] = {
#embed "../FleetWeb/App/views/fleet.js"
};
static const unsigned char file42[] = {
#embed "../FleetWeb/App/views/gateway.js"
};
static const unsigned char file43[] = {
#embed "../FleetWeb/App/views/guest.js"
};
static const unsigned char file44[] = {
#embed "../FleetWeb/App/views/guests.js"
};
static const unsigned char file45[] = {
#embed "../FleetWeb/App/views/heat.js"
};
static const unsigned char file46[] = {
#embed "../FleetWeb/App/views/history.js"
};
static const unsigned char file47[] = {
#embed "../FleetWeb/App/views/home.js"
};
static const unsigned char file48[] = {
#embed "../FleetWeb/App/views/more.js"
};
static const unsigned char file49[] = {
#embed "../FleetWeb/App/views/pack.js"
};
static const unsigned char file50[] = {
#embed "../FleetWeb/App/views/report.js"
};
static const unsigned char file51[] = {
#embed "../FleetWeb/App/views/roll-out.js"
};
static const unsigned char file52[] = {
#embed "../FleetWeb/App/views/rollout.js"
};
static const unsigned char file53[] = {
#embed "../FleetWeb/App/views/rollouts.js"
};
static const unsigned char file54[] = {
#embed "../FleetWeb/App/views/sign-in.js"
};
static const unsigned char file55[] = {
#embed "../FleetWeb/App/views/users.js"
};
static const unsigned char file56[] = {
#embed "../FleetWeb/App/words/de.js"
};
static const unsigned char file57[] = {
#embed "../FleetWeb/App/words/en.js"
};
static const unsigned char file58[] = {
#embed "../FleetWeb/App/words/fr.js"
};

static const struct amphora_web_file files[] = {
    {"app.css", file0, sizeof file0},
    {"core/api.js", file1, sizeof file1},
    {"core/dom.js", file2, sizeof file2},
    {"core/format.js", file3, sizeof file3},
    {"core/install.js", file4, sizeof file4},
    {"core/parts.js", file5, sizeof file5},
    {"core/router.js", file6, sizeof file6},
    {"core/screens.js", file7, sizeof file7},
    {"core/state.js", file8, sizeof file8},
    {"core/store.js", file9, sizeof file9},
    {"core/words.js", file10, sizeof file10},
    {"core/zone.js", file11, sizeof file11},
    {"desk.css", file12, sizeof file12},
    {"icons/icon-192.png", file13, sizeof file13},
    {"icons/icon-512.png", file14, sizeof file14},
    {"icons/icon.svg", file15, sizeof file15},
    {"index.html", file16, sizeof file16},
    {"main.js", file17, sizeof file17},
    {"manifest.webmanifest", file18, sizeof file18},
    {"parts/alarm.js", file19, sizeof file19},
    {"parts/basics.js", file20, sizeof file20},
    {"parts/chart.js", file21, sizeof file21},
    {"parts/code-form.js", file22, sizeof file22},
    {"parts/compare.js", file23, sizeof file23},
    {"parts/desk.js", file24, sizeof file24},
    {"parts/icons.js", file25, sizeof file25},
    {"parts/packs.js", file26, sizeof file26},
    {"parts/rollout.js", file27, sizeof file27},
    {"parts/said.js", file28, sizeof file28},
    {"parts/shell.js", file29, sizeof file29},
    {"parts/verdicts.js", file30, sizeof file30},
    {"sw.js", file31, sizeof file31},
    {"theme.js", file32, sizeof file32},
    {"views/alarms.js", file33, sizeof file33},
    {"views/audit.js", file34, sizeof file34},
    {"views/battery.js", file35, sizeof file35},
    {"views/causes.js", file36, sizeof file36},
    {"views/claim.js", file37, sizeof file37},
    {"views/data.js", file38, sizeof file38},
    {"views/diagnose.js", file39, sizeof file39},
    {"views/first-use.js", file40, sizeof file40},
    {"views/fleet.js", file41, sizeof file41},
    {"views/gateway.js", file42, sizeof file42},
    {"views/guest.js", file43, sizeof file43},
    {"views/guests.js", file44, sizeof file44},
    {"views/heat.js", file45, sizeof file45},
    {"views/history.js", file46, sizeof file46},
    {"views/home.js", file47, sizeof file47},
    {"views/more.js", file48, sizeof file48},
    {"views/pack.js", file49, sizeof file49},
    {"views/report.js", file50, sizeof file50},
    {"views/roll-out.js", file51, sizeof file51},
    {"views/rollout.js", file52, sizeof file52},
    {"views/rollouts.js", file53, sizeof file53},
    {"views/sign-in.js", file54, sizeof file54},
    {"views/users.js", file55, sizeof file55},
    {"words/de.js", file56, sizeof file56},
    {"words/en.js", file57, sizeof file57},
    {"words/fr.js", file58, sizeof file58},
};

size_t amphora_web_file_count(void) { return sizeof files / sizeof *files; }

const struct amphora_web_file *amphora_web_file_at(size_t place) {
    return &files[place < amphora_web_file_count() ? place : 0];
}
