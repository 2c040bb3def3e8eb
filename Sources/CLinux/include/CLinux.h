// What Swift cannot call directly of Linux: ioctls, macros and structures behind variadic functions.
#ifndef CLINUX_H
#define CLINUX_H

#include "CLinuxCAN.h"
#include "CLinuxSerial.h"
#include "CLinuxSystem.h"

#endif
