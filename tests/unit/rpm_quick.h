/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_quick.h - packages of the tests' own, made without what nobody looks at here. */
#pragma once

/* For rpmbuild's arguments: no stripping, no compressing of manual pages, no list of unpackaged
 * files. That is half of its time. */
#define RPM_QUICK "--define", "__os_install_post %{nil}", "--define", "__check_files %{nil}"
